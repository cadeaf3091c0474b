// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/publish_hook.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/log.hpp"

extern char** environ;

namespace kpipe {
namespace {

/// posix_spawnp(3): in a process group of its own, so that Ctrl-C for the pipeline does not end an
/// upload; nothing on stdin; its stdout is our stderr. The pid, or minus errno.
pid_t spawn(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  // We ignore some and have handlers for others; the command starts as from a shell.
  sigset_t defaults;
  ::sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGXFSZ}) {
    ::sigaddset(&defaults, signal);
  }
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -error;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

void PublishHook::add(const TopicPartition& tp, const ClosedFile& file, std::string path) {
  const bool waits = std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) {
    return job.tp == tp && job.file.id == file.id;
  });
  if (waits) return;
  Job& job = jobs_.emplace_back();
  job.tp = tp;
  job.file = file;
  job.path = std::move(path);
}

void PublishHook::start(Job& job) {
  const pid_t pid = spawn(command_.words_for(job.path));
  if (pid > 0) {
    job.pid = pid;
  } else {
    failed(job, std::strerror(-pid));
  }
}

void PublishHook::failed(Job& job, const std::string& how) {
  const int doublings = std::min(job.failures, 10);
  const auto pause = std::min(kFirstPause * (1 << doublings), kLongestPause);
  ++job.failures;
  job.pid = -1;
  job.next_try = Clock::now() + pause;
  log::warning("--on-publish: " + job.path + ": " + how + ". It is tried again in " +
               std::to_string(pause.count()) + " ms");
}

std::vector<PublishHook::Job> PublishHook::poll() {
  std::vector<Job> done;
  if (jobs_.empty() || Clock::now() < next_look_) return done;
  next_look_ = Clock::now() + kLook;
  std::size_t running = 0;
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    int status = 0;
    if (job->pid > 0 && ::waitpid(job->pid, &status, WNOHANG) == job->pid) {
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        done.push_back(std::move(*job));
        job = jobs_.erase(job);
        continue;
      }
      failed(*job, how_it_ended(status));
    }
    running += job->pid > 0;
    ++job;
  }
  const auto now = Clock::now();
  for (Job& job : jobs_) {
    if (running >= kAtOnce) break;
    if (job.pid > 0 || job.next_try > now) continue;
    start(job);
    running += job.pid > 0;
  }
  return done;
}

bool PublishHook::is_running() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.pid > 0; });
}

void PublishHook::hurry() {
  for (Job& job : jobs_) {
    job.failures = 0;
    job.next_try = Clock::now();
  }
}

int PublishHook::least_failures() const {
  if (jobs_.empty()) return 0;
  return std::min_element(jobs_.begin(), jobs_.end(),
                          [](const Job& a, const Job& b) { return a.failures < b.failures; })
      ->failures;
}

}  // namespace kpipe
