"""The Now page: is anything wrong, since when, who has it, who would be called, is the watcher itself well."""
