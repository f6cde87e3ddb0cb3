// Tensors in memory: row-major, without gaps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "support/type.h"

namespace abacus {

// A look at elements that someone else owns and keeps alive.
class TensorView {
 public:
  // `data` holds the type's elements, aligned as their C++ type wants it.
  TensorView(TensorType type, const std::byte* data) : type_(std::move(type)), data_(data) {}

  const TensorType& type() const { return type_; }
  std::span<const std::byte> bytes() const { return {data_, type_.byte_size()}; }

  // `T` is the C++ type of the tensor's dtype.
  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(data_), static_cast<std::size_t>(type_.element_count())};
  }

 private:
  TensorType type_;
  const std::byte* data_;
};

// Elements with their owner. All zero to begin with.
class Tensor {
 public:
  explicit Tensor(TensorType type) : type_(std::move(type)), data_(std::make_unique<std::byte[]>(type_.byte_size())) {}

  explicit Tensor(const TensorView& original) : Tensor(original.type()) {
    std::copy(original.bytes().begin(), original.bytes().end(), data_.get());
  }

  const TensorType& type() const { return type_; }
  TensorView view() const { return {type_, data_.get()}; }
  std::span<std::byte> bytes() { return {data_.get(), type_.byte_size()}; }

  template <typename T>
  std::span<T> values() {
    return {reinterpret_cast<T*>(data_.get()), static_cast<std::size_t>(type_.element_count())};
  }

 private:
  TensorType type_;
  std::unique_ptr<std::byte[]> data_;
};

}  // namespace abacus
