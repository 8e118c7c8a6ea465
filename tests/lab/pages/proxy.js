// A service worker through which every request of its pages goes; it also does what service.js does.
importScripts('/service.js');
self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
