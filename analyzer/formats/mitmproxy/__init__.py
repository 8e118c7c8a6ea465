"""Read flow files of mitmproxy (`mitmdump -w FILE`, File > Save)."""
