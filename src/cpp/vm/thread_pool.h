// Threads that share the work of one loop at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace abacus {

// The thread that owns the pool takes part in its loops: a pool of one starts no thread.
class ThreadPool {
 public:
  static constexpr int kMaxThreads = 256;

  // Does the iterations from `begin` to before `end`.
  using Body = std::function<void(std::int64_t begin, std::int64_t end)>;

  // `threads` is from 1 to kMaxThreads, or there is a std::invalid_argument. Throws std::system_error if the system
  // gives no more threads.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Calls `body` on `count` iterations, at most `grain` (at least 1) at a time, in any order and on any thread, and
  // returns when all have ended. If some throw, the rest is given up and one of the exceptions is thrown from here.
  // Neither concurrent nor nested calls are allowed.
  void parallel_for(std::int64_t count, std::int64_t grain, const Body& body);

 private:
  void work();
  void run_chunks();
  void stop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::uint64_t loop_number_ = 0;  // goes up when there is a new loop
  std::size_t busy_workers_ = 0;
  bool stopping_ = false;
  std::exception_ptr failure_;

  // The loop under way. Written while no worker is busy.
  const Body* body_ = nullptr;
  std::int64_t count_ = 0;
  std::int64_t grain_ = 1;
  std::atomic<std::int64_t> next_ = 0;

  std::vector<std::thread> workers_;
};

}  // namespace abacus
