./build.sh --demo
