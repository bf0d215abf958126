#ifndef CNIVPC_APPLETS_VPCSIM_RET_CODE_H_
#define CNIVPC_APPLETS_VPCSIM_RET_CODE_H_

// The RetCodes with which actions are refused. 0 is success.
namespace applets::vpcsim {

// The platform's.
inline constexpr int kNoAction = 160;
inline constexpr int kUnknownAction = 161;
inline constexpr int kMissingParameter = 220;  // "Missing params [Zone]"
inline constexpr int kBadParameter = 230;      // "Params [Zone] not available"
inline constexpr int kUnknownProject = 292;
inline constexpr int kForbiddenZone = 293;

// The VPC's, documented.
inline constexpr int kSubnetFull = 57000;
inline constexpr int kAlreadyAttached = 58205;
inline constexpr int kNoSecondaryAddress = 58221;

// The VPC's, that the reference doesn't list: the simulator's own numbers.
inline constexpr int kUnknownVpc = 58101;
inline constexpr int kUnknownSubnet = 58102;
inline constexpr int kUnknownMac = 58103;   // or of another subnet
inline constexpr int kWrongObject = 58104;  // ObjectId isn't the MAC's
inline constexpr int kUnknownInstance = 58105;
inline constexpr int kUnknownInterface = 58106;
inline constexpr int kOtherPlace = 58107;  // of interface and instance
inline constexpr int kNotAttached = 58206;
inline constexpr int kDefaultInterface =
    58207;                                    // is neither detached nor deleted
inline constexpr int kStillAttached = 58208;  // so it can't be deleted
inline constexpr int kInterfaceQuota = 58209;
inline constexpr int kAddressTaken = 58222;
inline constexpr int kAddressReserved = 58223;  // or of another subnet
inline constexpr int kAddressQuota = 58224;
inline constexpr int kItemFailed = 58225;  // of a batch, by a fault

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_RET_CODE_H_
