#include "applets/upgrade/page/office.h"

#include <sys/random.h>

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/upgrade/page/decide.h"
#include "applets/upgrade/page/head.h"
#include "base/json.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::upgrade::page {
namespace {

Access::Random NewRandom() {
  Access::Random random;
  CHECK_EQ(getrandom(random.data(), random.size(), 0),
           static_cast<ssize_t>(random.size()));
  return random;
}

std::string ListJson(const std::vector<std::string>& names) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartArray();
  for (const std::string& name : names) base::WriteString(writer, name);
  writer.EndArray();
  return text.GetString();
}

}  // namespace

Office::Office(base::Loop& loop, Engine engine, Board board, Settings settings)
    : loop_(loop),
      engine_(std::move(engine)),
      settings_(std::move(settings)),
      board_(std::move(board)),
      router_(settings_.access),
      over_(std::make_shared<std::atomic<bool>>(false)),
      news_(loop, [this] { Tell(); }),
      heartbeat_(loop, [this] { Beat(); }),
      look_(loop, [this] { LookAround(); }),
      runner_(loop, engine_,
              {.on_news =
                   [this](const Fleet& fleet) {
                     board_.Show(fleet, Upgrader::kHere);
                     AskNodes();
                     Touch();
                   },
               .on_end = [this](const auto& fleet) { OnEnd(fleet); }}),
      workers_(static_cast<int>(kAskedAtOnce)) {
  heartbeat_.Set(kHeartbeat);
  look_.Set(absl::ZeroDuration());
}

Office::~Office() {
  *over_ = true;
  if (engine_.stop) engine_.stop();
}

void Office::Answer(const Request& request, const Exchange& exchange) {
  Verdict verdict = router_.Route(request, absl::Now(), NewRandom());
  if (const auto* response = std::get_if<Response>(&verdict)) {
    exchange.answer(*response);
  } else if (const auto* show = std::get_if<page::Show>(&verdict)) {
    Show(*show, exchange);
  } else {
    Carry(std::get<page::Carry>(verdict).order,
          [answer = exchange.answer](const absl::Status& status) {
            answer(status.ok() ? JsonResponse("{}") : ErrorResponse(status));
          });
  }
}

void Office::Show(const page::Show& show, const Exchange& exchange) {
  switch (show.what) {
    case Show::What::kNames:
      exchange.answer(
          JsonResponse(ListJson(NamesOf(board_.rows(), show.question))));
      return;
    case Show::What::kReleases:
      exchange.answer(JsonResponse(settings_.releases_json));
      return;
    case Show::What::kView:
      exchange.answer(JsonResponse(absl::StrCat(
          "{\"head\":", HeadJson(board_, pausing_),
          ",\"view\":", ToJson(Look(board_.rows(), show.question)), "}")));
      return;
    case Show::What::kEvents:
      break;
  }
  followers_.push_back(
      {.stream = exchange.follow(), .question = show.question});
  Tell(followers_.back(), HeadJson(board_, pausing_));
}

// --- what is asked for

void Office::Carry(const Order& order, const Answering& answer) {
  if (const auto* service = std::get_if<Switch>(&order)) {
    Do(*service, answer);
  } else if (const auto* begin = std::get_if<Begin>(&order)) {
    Do(*begin, answer);
  } else {
    Do(std::get<Steer>(order), answer);
  }
}

void Office::Do(const Switch& order, const Answering& answer) {
  const absl::Status may = MaySwitch(board_, order);
  if (may.ok()) {
    LOG(INFO) << "service=" << (order.on ? "on" : "off");
    if (order.on) {
      board_.SwitchOn(absl::Now());
    } else {
      board_.SwitchOff(absl::Now());
    }
    AskNodes();
    Touch();
  }
  answer(may);
}

void Office::Do(const Begin& order, const Answering& answer) {
  absl::Status may = MayBegin(board_, order);
  if (may.ok() && runner_.busy()) {
    may = absl::FailedPreconditionError("another run isn't over");
  }
  const bool back = order.kind == Begin::Kind::kReturn;
  if (may.ok() && !back && !order.force && !settings_.refusal.empty()) {
    may = absl::FailedPreconditionError(settings_.refusal);
  }
  if (!may.ok()) return answer(may);
  LOG(INFO) << "run=" << (back ? "return" : "upgrade")
            << " nodes=" << order.nodes.size() << " force=" << order.force;
  const Fleet returning =
      back ? TakeBack(board_, order, engine_.means, absl::Now()) : Fleet();
  Go(
      [this, order, back,
       returning](const std::optional<Fleet>& left) -> absl::StatusOr<Fleet> {
        RETURN_IF_ERROR(CheckOver(left));
        if (back) return returning;
        return engine_.begin(order);
      },
      answer);
}

void Office::Do(const Steer& order, const Answering& answer) {
  const absl::Status may = MaySteer(board_, order);
  if (!may.ok()) return answer(may);
  if (!runner_.busy()) return GoOn(order, answer);
  runner_.Interrupt();
  pausing_ = true;
  if (order.what != Steer::What::kPause) then_ = order;
  Touch();
  answer(absl::OkStatus());
}

void Office::GoOn(const Steer& order, const Answering& answer) {
  Go(
      [order](std::optional<Fleet> left) {
        return page::GoOn(std::move(left), order);
      },
      answer);
}

void Office::Go(Runner::Decide decide, const Answering& answer) {
  if (ended_ != nullptr) {
    return answer(absl::UnavailableError("the page is being stopped"));
  }
  runner_.Go(std::move(decide), answer);
}

void Office::OnEnd(const absl::StatusOr<Fleet>& fleet) {
  pausing_ = false;
  if (fleet.ok()) {
    LOG(INFO) << "run=" << ToString(fleet->phase) << " reason=\""
              << fleet->reason << "\"";
    board_.Show(*fleet, Upgrader::kNobody);
  } else {
    LOG(ERROR) << "run: " << fleet.status().message();
    stamp_.reset();  // what is on record counts
  }
  const auto then = std::exchange(then_, std::nullopt);
  if (ended_ != nullptr) {
    ended_();
  } else if (then && fleet.ok()) {
    GoOn(*then, [](const absl::Status& status) {
      if (!status.ok()) LOG(ERROR) << "run: " << status.message();
    });
  }
  AskNodes();
  Touch();
}

void Office::Wind(std::function<void()> ended) {
  ended_ = std::move(ended);
  board_.SwitchOff(absl::Now());
  *over_ = true;
  if (!runner_.busy()) return ended_();
  LOG(INFO) << "waiting for what is under way on nodes";
  runner_.Interrupt();
}

// --- what nodes have

void Office::AskNodes() {
  if (asking_ >= kAskedAtOnce) return;
  for (const size_t node : board_.TakeToAsk(kAskedAtOnce - asking_)) {
    ++asking_;
    workers_.Run([this, over = over_, node, name = board_.name(node)] {
      if (*over) return;
      loop_.Post([this, node, finding = engine_.look(name)] {
        --asking_;
        board_.Hear(node, finding, absl::Now());
        AskNodes();
        Touch();
      });
    });
  }
}

// --- runs from elsewhere

void Office::LookAround() {
  look_.Set(kLookAround);
  if (runner_.busy() || looking_) return;
  const bool unfinished = board_.run() && !board_.run()->over();
  std::string stamp = engine_.stamp();
  if (stamp == stamp_ && !unfinished) return;
  stamp_ = std::move(stamp);
  looking_ = true;
  workers_.Run([this, over = over_] {
    if (*over) return;
    auto fleet = engine_.load();
    const bool left = fleet.ok() && *fleet && !(*fleet)->over();
    const bool taken = left && engine_.taken();
    loop_.Post([this, fleet = std::move(fleet), taken] {
      looking_ = false;
      if (!fleet.ok()) {
        LOG(WARNING) << fleet.status().message();
      } else {
        Take(*fleet, taken);
      }
    });
  });
}

void Office::Take(const std::optional<Fleet>& fleet, bool taken) {
  const Upgrader upgrader = taken ? Upgrader::kElsewhere : Upgrader::kNobody;
  if (!fleet || runner_.busy()) return;
  if (board_.run() == fleet && board_.upgrader() == upgrader) return;
  board_.Show(*fleet, upgrader);
  AskNodes();
  Touch();
}

// --- who follows

void Office::Beat() {
  for (Follower& one : followers_) one.stream->Send("beat", "");
  heartbeat_.Set(kHeartbeat);
}

void Office::Touch() {
  if (std::exchange(touched_, true)) return;
  news_.Set(kGather);
}

void Office::Tell() {
  touched_ = false;
  followers_.remove_if([](const Follower& one) { return !one.stream->open(); });
  if (followers_.empty()) return;
  const std::string head = HeadJson(board_, pausing_);
  for (Follower& one : followers_) Tell(one, head);
}

void Office::Tell(Follower& follower, const std::string& head) {
  View view = Look(board_.rows(), follower.question);
  if (follower.head != head) follower.stream->Send("head", head);
  follower.head = head;
  if (!follower.view) {
    follower.stream->Send("view", ToJson(view));
  } else if (const std::string news = DeltaJson(*follower.view, view);
             !news.empty()) {
    follower.stream->Send("view", news);
  }
  follower.view = std::move(view);
}

}  // namespace applets::upgrade::page
