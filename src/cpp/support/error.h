// The errors that Abacus reports to its caller.
#pragma once

#include <stdexcept>

namespace abacus {

// The base of them all: `what()` is text for a person, complete in itself.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An operation does not fit its operands, or a tensor type cannot exist.
class TypeError : public Error {
  using Error::Error;
};

// A source text is wrong. The message lists everything that is wrong in it.
class CompileError : public Error {
  using Error::Error;
};

// A byte string is not a valid Abacus program.
class BytecodeError : public Error {
  using Error::Error;
};

// The arrays given to a program are not those that it asks for.
class InputError : public Error {
  using Error::Error;
};

// A program met a value that it cannot compute with, such as an integer divisor of zero.
class ExecutionError : public Error {
  using Error::Error;
};

}  // namespace abacus
