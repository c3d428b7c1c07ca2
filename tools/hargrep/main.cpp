#include "hargrep/hargrep.hpp"

int main(int argc, char** argv) { return tools::hargrep::main(argc, argv); }
