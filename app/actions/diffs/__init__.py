"""What differs between two versions: of tables, of JSON and YAML by key, of folders by file, of text by line."""
