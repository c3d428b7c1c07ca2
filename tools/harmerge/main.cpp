#include "harmerge/harmerge.hpp"

int main(int argc, char** argv) { return tools::harmerge::main(argc, argv); }
