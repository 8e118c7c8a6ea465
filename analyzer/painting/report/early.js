// Before anything is laid out: what is for readers without JavaScript need not be. It comes back if the rest fails.
document.documentElement.classList.add('js');
for (const failure of ['error', 'unhandledrejection']) window.addEventListener(failure, () => document.documentElement.classList.replace('js', 'failed'));
try { document.documentElement.dataset.theme = localStorage.getItem('har-sockets theme') || ''; } catch { /* a browser that keeps nothing for files */ }
