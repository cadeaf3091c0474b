// SPDX-License-Identifier: Apache-2.0
// usage: msk_tokens <LINES
// A line has, with tabs between: seconds since the epoch, region, access key, secret key, session
// token (may be empty), user agent. Prints the token of each and when it ends, in ms.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "common/auth/msk_token.hpp"

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == '\t') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    if (fields.size() != 6) return EXIT_FAILURE;
    const kpipe::AwsCredentials credentials{
        fields[2], kpipe::Secret(fields[3]), kpipe::Secret(fields[4]), {}};
    const kpipe::AccessToken token =
        kpipe::msk_token(credentials, fields[1], std::stoll(fields[0]), fields[5]);
    std::cout << token.value.reveal() << '\t' << token.expires_at_ms << '\n';
  }
  return EXIT_SUCCESS;
}
