# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Records for ksink-file --dir, and what its folders hold. Source it from bats; it loads common.bash.

load ../support/common

# records COUNT: record lines of topic t in two partitions with three keys and 7 minutes between two, 100 random
# characters each.
records() {
  head -c "$(($1 * 50))" /dev/urandom | od -An -v -tx1 -w50 | tr -d ' ' |
    awk '{ printf "{\"topic\":\"t\",\"partition\":%d,\"offset\":%d,\"timestamp\":%.0f,\"key\":\"k%d\",\"headers\":[],\"value\":{\"v\":\"%s\"}}\n",
           NR % 2, int((NR - 1) / 2), 1795219200000 + NR * 420000, NR % 3, $0 }'
}

# published DIR: the names of its files, in order.
published() { (cd "$1" && find . -name .kpipe -prune -o -type f -print | sed 's/^..//' | sort); }

content_of() {
  local file
  while read -r file; do
    case $file in
      *.zst) zstd -dcq "$1/$file" ;;
      *.gz) gzip -dc "$1/$file" ;;
      *) cat "$1/$file" ;;
    esac || return 1
  done < <(published "$1")
}

# is_exactly DIR FILE: the files of DIR have the lines of FILE, each once.
is_exactly() { diff <(content_of "$1" | sort) <(sort "$2"); }

# names_are_true DIR: each START-END.ndjson has the records of one partition from START to END, in order.
names_are_true() {
  local file offsets
  while read -r file; do
    offsets=$(case $file in *.zst) zstd -dcq "$1/$file" ;; *) cat "$1/$file" ;; esac |
      jq -rs 'if (map(.offset) | . == (sort | unique)) and (map(.partition) | unique | length == 1)
              then "\(.[0].offset)-\(.[-1].offset)" else "no order" end')
    [[ ${file##*/} == "$offsets".* ]] || { echo "$file holds $offsets"; return 1; }
  done < <(published "$1")
}
