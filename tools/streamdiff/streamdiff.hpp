#pragma once

namespace tools {

/// Compares two streams by value; see its --help. The exit status: 0 equal, 1 different, 2 not compared.
int streamdiff(int argc, const char* const* argv);

}  // namespace tools
