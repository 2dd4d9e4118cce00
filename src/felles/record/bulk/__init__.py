"""Much at once: import of files, export, backup and restore, the index built anew."""
