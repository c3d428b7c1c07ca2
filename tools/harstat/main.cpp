#include "harstat/harstat.hpp"

int main(int argc, char** argv) { return tools::harstat::main(argc, argv); }
