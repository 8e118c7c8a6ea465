"""Record the sockets of a browser, with every opening and close."""
