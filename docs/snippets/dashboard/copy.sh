cp -r web board
./build.sh --root board --demo
