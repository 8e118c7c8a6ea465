"""Read performance traces of Chrome: DevTools' "Save profile", Puppeteer's `tracing`, chrome://tracing as JSON."""
