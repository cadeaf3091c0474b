// SPDX-License-Identifier: Apache-2.0
#include "common/schema/fetching_registry.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using State = SchemaAnswer::State;
using namespace std::chrono_literals;

SchemaAnswer ready(const std::string& text) {
  SchemaAnswer answer;
  answer.state = State::ready;
  answer.schema =
      std::make_shared<const RegisteredSchema>(RegisteredSchema{SchemaType::avro, text, {}});
  return answer;
}

/// Answers by a function, with how often it was asked.
class Source final : public SchemaSource {
 public:
  using Answer = std::function<SchemaAnswer(int attempt, const std::atomic<bool>& cancelled)>;

  Source(std::atomic<int>& asked, Answer answer) : asked_(asked), answer_(std::move(answer)) {}

  SchemaAnswer schema(const SchemaId&, const std::atomic<bool>& cancelled) override {
    return answer_(++asked_, cancelled);
  }
  SchemaAnswer latest(const std::string& subject, const std::atomic<bool>& cancelled) override {
    answer_(++asked_, cancelled);
    return ready(subject);
  }

 private:
  std::atomic<int>& asked_;
  Answer answer_;
};

struct Asked {
  std::atomic<int> times = 0;
  FetchingRegistry registry;

  explicit Asked(Source::Answer answer, std::chrono::milliseconds timeout = 10s)
      : registry(std::make_unique<Source>(times, std::move(answer)), timeout) {}

  /// The answer, as somebody in a poll loop gets it.
  SchemaAnswer settled(const SchemaId& id) {
    for (;;) {
      registry.clear_event();
      SchemaAnswer answer = registry.schema(id);
      if (answer.state != State::waiting) return answer;
      pollfd event{registry.event_fd(), POLLIN, 0};
      if (::poll(&event, 1, 30'000) != 1) throw Error(Exit::software, "no event came");
    }
  }
};

TEST(RetryPlan, pauses_longer_and_longer) {
  RetryPlan plan;
  const RetryPlan::Clock::time_point start{};
  std::vector<long> waits;
  for (int i = 0; i < 10; ++i) waits.push_back(plan.failed(start, 0).wait.count());
  EXPECT_EQ(waits,
            (std::vector<long>{250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000}));
  EXPECT_EQ(plan.failed(start, 1).wait.count(), 15000);
  EXPECT_EQ(plan.failed(start, 0.5, 60s).wait.count(), 60000);
  EXPECT_EQ(plan.failed(start, 0.5, 86400s).wait.count(), 300000);
}

TEST(RetryPlan, speaks_at_first_and_every_five_minutes) {
  RetryPlan plan;
  const RetryPlan::Clock::time_point start{};
  EXPECT_FALSE(plan.answered(start));
  EXPECT_TRUE(plan.failed(start, 0).say);
  EXPECT_FALSE(plan.failed(start + 299s, 0).say);
  const RetryPlan::Step later = plan.failed(start + 301s, 0);
  EXPECT_TRUE(later.say);
  EXPECT_EQ(later.down, 301s);
  EXPECT_FALSE(plan.failed(start + 500s, 0).say);
  EXPECT_EQ(plan.answered(start + 600s), 600s);
  EXPECT_FALSE(plan.answered(start + 601s));
  EXPECT_EQ(plan.failed(start + 700s, 0).wait, 250ms);
}

TEST(FetchingRegistry, fetches_once) {
  Asked asked([](int, const std::atomic<bool>&) { return ready("x"); });
  EXPECT_EQ(asked.registry.schema({7, {}, false}).state, State::waiting);
  EXPECT_EQ(asked.settled({7, {}, false}).schema->text, "x");
  EXPECT_EQ(asked.settled({7, {}, false}).schema->text, "x");
  EXPECT_EQ(asked.times, 1);
  EXPECT_EQ(asked.settled({8, {}, false}).schema->text, "x");
  EXPECT_EQ(asked.times, 2);
  // A subject that is called like an id is another thing.
  EXPECT_EQ(asked.registry.latest("7").state, State::waiting);
  EXPECT_TRUE(unit::wait_until([&] { return asked.registry.latest("7").state == State::ready; }));
  EXPECT_EQ(asked.times, 3);
}

TEST(FetchingRegistry, keeps_that_there_is_none_within_bounds) {
  Asked asked([](int, const std::atomic<bool>&) {
    SchemaAnswer answer;
    answer.state = State::missing;
    answer.reason = "none";
    return answer;
  });
  for (std::uint32_t i = 0; i < 5000; ++i) EXPECT_EQ(asked.settled({i, {}, false}).reason, "none");
  EXPECT_EQ(asked.times, 5000);
  EXPECT_EQ(asked.settled({4999, {}, false}).reason, "none");
  EXPECT_EQ(asked.times, 5000);
  EXPECT_EQ(asked.settled({0, {}, false}).reason, "none");  // long forgotten
  EXPECT_EQ(asked.times, 5001);
}

TEST(FetchingRegistry, waits_through_an_outage_and_says_so) {
  testing::internal::CaptureStderr();
  Asked asked([](int attempt, const std::atomic<bool>&) {
    if (attempt == 2) throw RegistryOutage("http://r: status 503");
    if (attempt == 3) throw Error(Exit::unavailable, "http://r: refused");
    return ready("x");
  });
  asked.settled({7, {}, false});
  EXPECT_EQ(asked.settled({8, {}, false}).schema->text, "x");
  EXPECT_EQ(asked.times, 4);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(unit::contains(said,
                             "warning: schema registry: http://r: status 503 (asking again; "
                             "records wait)"));
  EXPECT_FALSE(unit::contains(said, "refused"));
  EXPECT_TRUE(unit::contains(said, "schema registry: answers again after"));
}

TEST(FetchingRegistry, gives_up_one_that_never_answered) {
  testing::internal::CaptureStderr();
  Asked asked(
      [](int, const std::atomic<bool>&) -> SchemaAnswer {
        throw RegistryOutage("http://r: refused");
      },
      600ms);
  const std::string said = unit::expect_error(Exit::unavailable, [&] {
    asked.settled({7, {}, false});
  });
  EXPECT_EQ(said, "schema registry: http://r: refused");
  EXPECT_GT(asked.times, 1);
  EXPECT_EQ(unit::expect_error(Exit::unavailable, [&] { asked.registry.latest("x"); }), said);
  testing::internal::GetCapturedStderr();
}

TEST(FetchingRegistry, tries_no_more_when_it_is_refused) {
  Asked asked([](int, const std::atomic<bool>&) -> SchemaAnswer {
    throw Error(Exit::no_permission, "http://r: status 401");
  });
  unit::expect_error(Exit::no_permission, [&] { asked.settled({7, {}, false}); });
  unit::expect_error(Exit::no_permission, [&] { asked.settled({8, {}, false}); });
  EXPECT_EQ(asked.times, 1);
}

TEST(FetchingRegistry, ends_in_the_middle_of_anything) {
  testing::internal::CaptureStderr();
  {
    Asked idle([](int, const std::atomic<bool>&) { return ready("x"); });
  }
  {
    Asked paused(
        [](int, const std::atomic<bool>&) -> SchemaAnswer {
          throw RegistryOutage("http://r: status 429", 300s);
        },
        3600s);
    paused.registry.schema({7, {}, false});
    EXPECT_TRUE(unit::wait_until([&] { return paused.times == 1; }));
  }
  {
    Asked asking([](int, const std::atomic<bool>& cancelled) -> SchemaAnswer {
      while (!cancelled) std::this_thread::sleep_for(1ms);
      throw Error(Exit::unavailable, "aborted");
    });
    asking.registry.schema({7, {}, false});
    EXPECT_TRUE(unit::wait_until([&] { return asking.times == 1; }));
  }
  EXPECT_FALSE(unit::contains(testing::internal::GetCapturedStderr(), "aborted"));
}

}  // namespace
}  // namespace kpipe
