"""The elements of one array of a JSON document, in bounded memory, exact, salvaging."""
