// The bytecode's layout.
//
//   file        = magic, version: varint, inputs, constants, instructions, outputs
//   inputs      = count: varint, count * (name, type)
//   constants   = count: varint, count * (type, elements)
//   instructions= count: varint, count * (op: byte, one register: varint for each operand, attributes)
//   outputs     = count: varint, count * (name, register: varint)
//   name        = length: varint, ASCII characters
//   type        = dtype: byte, rank: varint, rank * size: varint
//   attributes  = count: varint, count * varint
//
// A varint is an unsigned LEB128 number in as few bytes as it needs. Elements are little-endian and row-major. Nothing
// follows the outputs. So each program has exactly one encoding.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace abacus {

// A byte that is not ASCII and both line ends: a transfer as text damages it.
inline constexpr std::array<unsigned char, 8> kMagic = {0xAB, 'A', 'B', 'A', 'C', 'U', '\r', '\n'};

// Goes up with every change of the layout or of an operation's meaning.
inline constexpr std::uint64_t kFormatVersion = 1;

}  // namespace abacus
