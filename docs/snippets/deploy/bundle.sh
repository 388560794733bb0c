./build.sh bundle site --connect wss://broker.example.com
