#pragma once

#include <string>

namespace stream {

struct UnfinishedOutput;

/// Notes a path for remove_unfinished_outputs(); nothing if it is too long to be a path.
UnfinishedOutput* add_unfinished_output(const std::string& path);
/// `output` may be nothing.
void forget_unfinished_output(UnfinishedOutput* output);

}  // namespace stream
