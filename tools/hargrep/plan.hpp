#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hargrep/run.hpp"

namespace tools::hargrep {

/// What becomes of entries, decided before any is written: for --sample N and --fit.
struct Plan {
  struct Step {
    std::uint64_t index = 0;  ///< of the entry in its input
    bool stripped = false;    ///< without its bodies
  };
  std::vector<std::vector<Step>> inputs{};  ///< what is written of each, in order
};

/// An entry that was found.
struct Candidate {
  std::uint32_t input = 0;
  std::uint64_t index = 0;
  std::uint64_t size = 0;      ///< bytes in the output
  std::uint64_t stripped = 0;  ///< and without bodies
};

/// A number for an entry that nothing tells beforehand, but always the same.
std::uint64_t lot(std::uint64_t seed, std::uint64_t input, std::uint64_t index);

/// Leaves `count` of them, by their lots.
void draw(std::vector<Candidate>& candidates, std::uint64_t count, std::uint64_t seed);

/// What was left out so that the rest fits.
struct Fitted {
  std::uint64_t without_bodies = 0;
  std::uint64_t dropped = 0;
  std::uint64_t size = 0;
};
/// Decides which entries lose their bodies, and which go: those where it helps most first, until all fit into `room`.
Fitted fit(std::vector<Candidate>& candidates, std::vector<bool>& stripped, std::uint64_t room);

Plan plan_of(const std::vector<Candidate>& candidates, const std::vector<bool>& stripped, std::size_t inputs);

}  // namespace tools::hargrep
