# The help of the tool and of its words.
harproxy -h
harproxy run -h | head -n 4
harproxy ca -h
harproxy --version
harproxy run --help | sed -n '/^Examples/,$p'
