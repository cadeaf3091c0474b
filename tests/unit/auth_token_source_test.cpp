// SPDX-License-Identifier: Apache-2.0
#include "common/auth/token_source.hpp"

#include <gtest/gtest.h>

#include "common/base/clock.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using std::chrono::seconds;

/// Seconds from a fetch at 0 to the next one.
std::int64_t refresh_after(std::int64_t life_s, seconds buffer = seconds(60)) {
  RefreshSchedule schedule(buffer);
  schedule.fetched(5'000, 5'000 + life_s * 1000);
  return (schedule.next_ms() - 5'000) / 1000;
}

TEST(AuthRefreshSchedule, replaces_a_token_in_time_and_never_at_once) {
  EXPECT_EQ(refresh_after(3600), 3540);
  EXPECT_EQ(refresh_after(900), 840);
  EXPECT_EQ(refresh_after(90), 30);
  EXPECT_EQ(refresh_after(60), 48);
  EXPECT_EQ(refresh_after(61), 48);
  EXPECT_EQ(refresh_after(5), 4);
  EXPECT_EQ(refresh_after(1), 1);
  EXPECT_EQ(refresh_after(0), 1);
  EXPECT_EQ(refresh_after(3600, seconds(0)), 3600);
  EXPECT_EQ(refresh_after(3600, seconds(3600)), 2880);
}

TEST(AuthRefreshSchedule, tries_again_ever_later) {
  RefreshSchedule schedule(seconds(60));
  std::string waits;
  std::int64_t now_ms = 0;
  for (int i = 0; i < 8; ++i) {
    schedule.failed(now_ms);
    waits += std::to_string((schedule.next_ms() - now_ms) / 1000) + " ";
    now_ms = schedule.next_ms();
  }
  EXPECT_EQ(waits, "1 2 4 8 16 30 30 30 ");
  schedule.fetched(now_ms, now_ms + 100'000);
  schedule.failed(now_ms + 40'000);
  EXPECT_EQ(schedule.next_ms(), now_ms + 41'000) << "begins anew";
  // The end of the old token is not slept through.
  for (int i = 0; i < 4; ++i) schedule.failed(now_ms + 98'500);
  EXPECT_EQ(schedule.next_ms(), now_ms + 100'000);
  EXPECT_TRUE(schedule.alive(now_ms + 99'999));
  EXPECT_FALSE(schedule.alive(now_ms + 100'000));
}

class Listener : public TokenListener {
 public:
  void on_token(const AccessToken& token) override { heard += token.value.reveal() + " "; }
  void on_no_token(const Error& cause) override { heard += std::string(cause.what()) + " "; }
  std::string heard;
};

/// A source under a clock and a token server of the test's own; due_ms() is never reached by the
/// real clock, so its thread only waits.
class TokenSourceTest : public testing::Test {
 protected:
  std::int64_t now_ms = wall_clock_ms() + 1'000'000'000;
  std::int64_t life_ms = 90'000;
  bool down = false;
  int fetched = 0;
  TokenSource source{
      [this](const std::atomic<bool>&) {
        ++fetched;
        if (down) throw Error(Exit::unavailable, "down");
        return AccessToken{Secret("t" + std::to_string(fetched)), now_ms + life_ms, {}};
      },
      RefreshSchedule(seconds(60)), [this] { return now_ms; }};

  std::string expect_need_to_throw() {
    return unit::expect_error(Exit::unavailable, [this] { source.need(); });
  }

  void go_on_to_due() {
    now_ms = source.due_ms();
    source.step();
  }
};

TEST_F(TokenSourceTest, fetches_once_for_all_and_replaces_for_all) {
  Listener first;
  Listener second;
  source.need();
  source.need();
  source.add(first);
  source.add(second);
  EXPECT_EQ(fetched, 1);
  const std::int64_t begun_ms = now_ms;
  go_on_to_due();
  EXPECT_EQ(now_ms - begun_ms, 30'000);
  source.remove(second);
  go_on_to_due();
  EXPECT_EQ(first.heard, "t1 t2 t3 ");
  EXPECT_EQ(second.heard, "t1 t2 ");
  source.remove(first);
}

TEST_F(TokenSourceTest, an_outage_is_told_only_when_the_token_has_died) {
  Listener listener;
  source.need();
  source.add(listener);
  down = true;
  testing::internal::CaptureStderr();
  const std::int64_t end_ms = now_ms + life_ms;
  do {
    go_on_to_due();
    if (now_ms < end_ms) {
      EXPECT_EQ(listener.heard, "t1 ");
      EXPECT_FALSE(source.failure());
    }
  } while (now_ms < end_ms);
  EXPECT_EQ(now_ms, end_ms) << "known when it comes";
  EXPECT_EQ(listener.heard, "t1 down ");
  ASSERT_TRUE(source.failure());
  EXPECT_EQ(source.failure()->exit(), Exit::unavailable);
  EXPECT_EQ(expect_need_to_throw(), "down");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(unit::contains(log, "down (retrying; the present token is good for 60 s more)"));
  EXPECT_TRUE(unit::contains(log, "down (retrying; the present token has expired)"));
  EXPECT_LT(fetched, 12) << "it is left in peace";

  down = false;
  go_on_to_due();
  EXPECT_FALSE(source.failure());
  EXPECT_TRUE(listener.heard.ends_with("down t" + std::to_string(fetched) + " "));
  source.remove(listener);
}

TEST_F(TokenSourceTest, the_first_failure_is_the_callers) {
  down = true;
  EXPECT_EQ(expect_need_to_throw(), "down");
  down = false;
  source.need();
  EXPECT_EQ(fetched, 2);
}

/// With its own thread and the real clock: a life of 1 s is not slept through.
TEST(AuthTokenSource, refreshes_in_the_background) {
  std::atomic<int> fetched = 0;
  Listener listener;
  {
    TokenSource source(
        [&](const std::atomic<bool>&) {
          return AccessToken{Secret(std::to_string(++fetched)), wall_clock_ms() + 1'000, {}};
        },
        RefreshSchedule(seconds(60)), &wall_clock_ms);
    source.need();
    source.add(listener);
    EXPECT_TRUE(unit::wait_until([&] { return fetched > 2; }));
    source.remove(listener);
  }
  EXPECT_TRUE(listener.heard.starts_with("1 2 "));
}

/// Its end does not wait for a slow token server.
TEST(AuthTokenSource, ends_while_it_is_fetching) {
  std::atomic<int> fetched = 0;
  Listener listener;
  TokenSource source(
      [&](const std::atomic<bool>& cancelled) {
        if (++fetched > 1 && unit::wait_until([&] { return cancelled.load(); }))
          throw Error(Exit::temp_fail, "cancelled");
        return AccessToken{Secret("t"), wall_clock_ms() + 1, {}};
      },
      RefreshSchedule(seconds(60)), &wall_clock_ms);
  source.need();
  source.add(listener);
  EXPECT_TRUE(unit::wait_until([&] { return fetched > 1; }));
  source.remove(listener);
}

}  // namespace
}  // namespace kpipe
