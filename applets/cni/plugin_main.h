#ifndef CNIVPC_APPLETS_CNI_PLUGIN_MAIN_H_
#define CNIVPC_APPLETS_CNI_PLUGIN_MAIN_H_

namespace applets::cni {

// One CNI call: CNI_* environment and stdin in, result on stdout. Exit status
// as the CNI specification says.
int PluginMain(int argc, char** argv);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_PLUGIN_MAIN_H_
