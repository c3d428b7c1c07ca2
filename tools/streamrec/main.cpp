#include "streamrec/streamrec.hpp"

int main(int argc, char** argv) { return tools::streamrec::main(argc, argv); }
