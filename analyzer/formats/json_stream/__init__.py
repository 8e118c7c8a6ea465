"""Read the elements of one array of a JSON document, in bounded memory, exactly, past damage."""
