cp -r docs/snippets/tutorial chart
./build.sh --root chart
