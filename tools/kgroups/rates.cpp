// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/rates.hpp"

namespace kpipe::kgroups {
namespace {

/// Two members may share a client id: the member id tells them apart.
std::string key_of(const LagSum& sum) {
  std::string key = sum.group;
  for (const std::string& part :
       {sum.topic, sum.partition ? std::to_string(*sum.partition) : std::string(),
        sum.partition ? std::string() : sum.owner.member_id}) {
    key += '\0';
    key += part;
  }
  return key;
}

Rate rate_between(const LagSum& before, const LagSum& now, double seconds) {
  Rate rate;
  if (seconds <= 0 || before.partitions != now.partitions || before.unknown != now.unknown ||
      now.unknown == now.partitions)
    return rate;
  rate.consumed = static_cast<double>(now.committed - before.committed) / seconds;
  rate.produced = static_cast<double>(now.stable_end - before.stable_end) / seconds;
  const double gain = *rate.consumed - *rate.produced;
  if (now.lag == 0) {
    rate.eta_s = 0;
  } else if (gain > 0) {
    rate.eta_s = static_cast<double>(now.lag) / gain;
  }
  return rate;
}

}  // namespace

std::vector<Rate> Rates::update(const std::vector<LagSum>& sums, std::int64_t now_ms) {
  std::vector<Rate> rates;
  std::map<std::string, LagSum> seen;
  const double seconds = static_cast<double>(now_ms - last_ms_) / 1000;
  for (const LagSum& sum : sums) {
    const std::string key = key_of(sum);
    const auto before = last_.find(key);
    rates.push_back(before == last_.end() ? Rate{} : rate_between(before->second, sum, seconds));
    seen.emplace(key, sum);
  }
  last_ = std::move(seen);
  last_ms_ = now_ms;
  return rates;
}

}  // namespace kpipe::kgroups
