// Nothing is laid out that is for readers without JavaScript, unless the rest fails. Later errors may be an extension's.
// Not every browser keeps a choice for files.
document.documentElement.classList.add('js');
for (const failure of ['error', 'unhandledrejection']) window.addEventListener(failure, () => document.querySelector('.live > *') || document.documentElement.classList.replace('js', 'failed'));
try { document.documentElement.dataset.theme = localStorage.getItem('har-sockets theme') || ''; } catch {}
