; Not compiled.
