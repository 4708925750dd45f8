"""Files that come with the program: starter data, pictures, documents, icons."""
