//! Fills the templates, which are the documents with marks such as `@name@` in them. It knows no document.

/// The file of this path, from the template of the same path, with these values.
macro_rules! templated {
    ($path:literal, $values:expr) => {
        $crate::render::file(
            $path,
            $crate::render::template::fill(include_str!(concat!("templates/", $path)), $values),
        )
    };
}
pub(super) use templated;

/// The text with each mark in the place of which a value is known.
///
/// A mark that is alone on its line stands for whole lines, which get its indentation; without a value the line goes.
/// Elsewhere it stands for a part of the line. Values are not looked through for marks.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    for line in template.lines() {
        let word = line.trim_start();
        let indent = line.len().saturating_sub(word.len());
        let whole = values.iter().find(|(name, _)| is_mark(word, name));
        match whole {
            Some((_, "")) => {}
            Some((_, value)) => filled += &indented(value, indent),
            None => {
                fill_line(line, values, &mut filled);
                filled.push('\n');
            }
        }
    }
    filled
}

/// The lines of a text, each this many blanks further in, with a line end after the last one. Empty lines stay empty.
pub(super) fn indented(text: &str, indent: usize) -> String {
    let mut moved = String::new();
    for line in text.lines() {
        if !line.is_empty() {
            moved.extend(std::iter::repeat_n(' ', indent));
            moved += line;
        }
        moved.push('\n');
    }
    moved
}

fn is_mark(word: &str, name: &str) -> bool {
    word.strip_prefix('@').and_then(|word| word.strip_suffix('@')) == Some(name)
}

/// Adds the line from left to right, so that a mark within a value stays what it is.
fn fill_line(mut line: &str, values: &[(&str, &str)], filled: &mut String) {
    while let Some((before, rest)) = line.split_once('@') {
        *filled += before;
        let mark = rest.split_once('@');
        let known = mark.and_then(|(word, after)| {
            let value = values.iter().find(|(name, _)| *name == word)?;
            Some((value.1, after))
        });
        line = match known {
            Some((value, after)) => {
                *filled += value;
                after
            }
            // An ordinary @, such as the one of "@type".
            None => {
                filled.push('@');
                rest
            }
        };
    }
    *filled += line;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, values: &[(&str, &str)], expected: &str) {
        assert_eq!(fill(template, values), expected);
    }

    #[test]
    fn a_mark_alone_stands_for_lines_and_without_a_value_for_none() {
        check(
            "a:\n  @b@\n  @c@\nd: 1\n",
            &[("b", "x: 1\n\ny:\n  z: 2"), ("c", "")],
            "a:\n  x: 1\n\n  y:\n    z: 2\nd: 1\n",
        );
    }

    #[test]
    fn a_mark_within_a_line_stands_for_a_part_of_it() {
        check(
            "url: oci://@image@:@tag@ # @x\n",
            &[("image", "r/d"), ("tag", "1")],
            "url: oci://r/d:1 # @x\n",
        );
        check("\"@type\": type.x\n", &[("type", "no")], "\"@type\": type.x\n");
    }

    #[test]
    fn a_mark_within_a_value_is_text() {
        check("a: @one@ @two@\n", &[("one", "@two@"), ("two", "2")], "a: @two@ 2\n");
        check("@one@\n", &[("one", "@two@"), ("two", "2")], "@two@\n");
    }
}
