"""Read logs of Chrome DevTools Protocol events, as scripts save them and as chromedriver's performance log has them."""
