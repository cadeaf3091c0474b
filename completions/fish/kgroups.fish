# SPDX-License-Identifier: Apache-2.0
# Made from the option table by: kgroups --generate fish
complete -c kgroups -f
complete -c kgroups -n __fish_use_subcommand -a list -d 'List the groups with their state and members (default).'
complete -c kgroups -n __fish_use_subcommand -a lag -d 'Show for each partition how many records a group has yet to read.'
complete -c kgroups -s h -l help -d 'Print this help and exit.'
complete -c kgroups -l version -d 'Print the version and exit.'
complete -c kgroups -l log-level -x -d 'How much to say on stderr: error, warning, notice (default), info or debug.'
complete -c kgroups -s v -l verbose -d 'Say more; twice for debug.'
complete -c kgroups -s q -l quiet -d 'Say only what went wrong.'
complete -c kgroups -s b -l bootstrap-servers -x -d 'Brokers to start from. Default: $KPIPE_BOOTSTRAP_SERVERS.'
complete -c kgroups -s X -x -d 'A librdkafka property; may be repeated.'
complete -c kgroups -l timeout -x -d 'Longest wait for an answer of the brokers (default 10s).'
complete -c kgroups -l output -x -d 'table (default on a terminal) or ndjson (default on a pipe or file): one JSON object a line.'
complete -c kgroups -l by -x -d 'lag: one line for each partition (default), topic or group, with the sum of its lag.'
complete -c kgroups -l max-lag -x -d 'lag: exit with 1 and name the offenders when a line'\''s lag is above N records, or not known.'
