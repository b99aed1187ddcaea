//! Colours of nodes in the documentation (`docs: {node_color: …}`): HTML's names and hexadecimal numbers.

/// HTML's names of colours, without the second spellings of grey, which dbt does not take either.
const NAMES: &str = "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood \
    cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray darkgreen \
    darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen darkslateblue darkslategray \
    darkturquoise darkviolet deeppink deepskyblue dimgray dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite \
    gold goldenrod gray green greenyellow honeydew hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen \
    lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightpink lightsalmon lightseagreen \
    lightskyblue lightslategray lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue \
    mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred midnightblue \
    mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen \
    paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown royalblue \
    saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray snow springgreen steelblue tan teal \
    thistle tomato turquoise violet wheat white whitesmoke yellow yellowgreen";

/// Whether browsers know it: a name, or `#` and three or six hexadecimal digits, in any case.
pub(super) fn is_color(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    match text.strip_prefix('#') {
        Some(digits) => matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => NAMES.split(' ').filter(|name| !name.is_empty()).any(|name| name == text),
    }
}

#[cfg(test)]
mod tests {
    use super::is_color;

    #[test]
    fn names_and_numbers_are_colors() {
        for color in ["red", "RebeccaPurple", "#fff", "#A1b2C3"] {
            assert!(is_color(color), "{color}");
        }
        for other in ["lightgrey", "#ffff", "#ggg", "", "fff", "red blue"] {
            assert!(!is_color(other), "{other}");
        }
    }
}
