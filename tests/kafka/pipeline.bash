# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Pipelines whose every exit status is looked at.

# pipeline 'A | B | ...': runs it with stdout into the file pipeline.out; sets STATUSES to all exit statuses ("0 0").
pipeline() {
  # shellcheck disable=SC2016,SC2034 # expanded by the inner shell; read by the tests
  STATUSES=$(bash -c "exec 9>&1 >pipeline.out; $1 9>&-;"' echo "${PIPESTATUS[*]}" >&9')
}

# committed_is [PARTITION OFFSET]...: the group has committed exactly these for the topic.
committed_is() {
  local expected=
  while (($# > 0)); do
    expected+="$1 $2"$'\n'
    shift 2
  done
  assert_equal "$(committed "$GROUP" "$TOPIC" | awk '{ print $1, $2 }')" "${expected%$'\n'}"
}
