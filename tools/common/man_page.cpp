#include "common/tool.hpp"
