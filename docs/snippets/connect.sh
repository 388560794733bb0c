./build.sh --connect ws://127.0.0.1:15674
