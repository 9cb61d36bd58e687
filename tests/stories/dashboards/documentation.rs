//! `docs/dashboards.md` and its pictures: they show the dashboards that there are.

use std::fs;

use super::{all, root};

#[test]
fn the_pictures_show_every_panel_and_the_page_every_picture() {
    let page = fs::read_to_string(root().join("docs/dashboards.md")).unwrap();
    for dashboard in all() {
        let picture = format!("dashboards/{}.svg", dashboard.uid);
        assert!(page.contains(&format!("({picture})")), "docs/dashboards.md shows no {picture}");
        let svg = fs::read_to_string(root().join("docs").join(&picture)).unwrap();
        for panel in &dashboard.panels {
            // What stands in a title for a variable is another thing in the picture.
            let title = panel.title.split('$').next().unwrap_or_default().replace('&', "&amp;");
            assert!(
                svg.contains(&format!(">{title}")),
                "{picture} lacks `{}`: `cargo xtask dashboards` draws it",
                panel.title
            );
        }
    }
}
