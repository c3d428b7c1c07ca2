#include "harcheck/harcheck.hpp"

int main(int argc, char** argv) { return tools::harcheck::main(argc, argv); }
