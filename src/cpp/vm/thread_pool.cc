#include "vm/thread_pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stdexcept>

#include "support/text.h"

namespace abacus {

ThreadPool::ThreadPool(int threads) {
  if (threads < 1 || threads > kMaxThreads) {
    throw std::invalid_argument(concat("the number of threads must be from 1 to ", kMaxThreads, ", not ", threads));
  }
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
  } catch (...) {
    stop();  // no destructor runs for those that have started
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::parallel_for(std::int64_t count, std::int64_t grain, const Body& body) {
  if (workers_.empty() || count <= grain) {
    if (count > 0) body(0, count);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    body_ = &body;
    count_ = count;
    grain_ = grain;
    next_ = 0;
    failure_ = nullptr;
    busy_workers_ = workers_.size();
    ++loop_number_;
  }
  wake_.notify_all();
  run_chunks();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return busy_workers_ == 0; });
  if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::work() {
  std::uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || loop_number_ != seen; });
    if (stopping_) return;
    seen = loop_number_;
    lock.unlock();
    run_chunks();
    lock.lock();
    if (--busy_workers_ == 0) done_.notify_one();
  }
}

void ThreadPool::run_chunks() {
  while (true) {
    const std::int64_t begin = next_.fetch_add(grain_);
    if (begin >= count_) return;
    try {
      (*body_)(begin, std::min(begin + grain_, count_));
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      next_ = count_;
    }
  }
}

}  // namespace abacus
