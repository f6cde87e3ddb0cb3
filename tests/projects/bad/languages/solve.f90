! Not compiled.
