// Before anything is laid out: what is for readers without JavaScript need not be. It comes back if the rest fails;
// later errors may be those of an extension.
document.documentElement.classList.add('js');
for (const failure of ['error', 'unhandledrejection']) window.addEventListener(failure, () => document.querySelector('.live > *') || document.documentElement.classList.replace('js', 'failed'));
try { document.documentElement.dataset.theme = localStorage.getItem('har-sockets theme') || ''; } catch { /* a browser that keeps nothing for files */ }
