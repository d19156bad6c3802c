"""The plain, slow reference: bindings, paths and sales walked anew at each question."""
