//! What a scene can be made of, and the word for each.

/// An enumeration whose values each have one word.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$doc])* $value),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The word in captions.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }
    };
}

words! {
    /// The colour of the thing.
    Color {
        /// Red.
        Red = "red",
        /// Orange.
        Orange = "orange",
        /// Yellow.
        Yellow = "yellow",
        /// Green.
        Green = "green",
        /// Blue.
        Blue = "blue",
        /// Purple.
        Purple = "purple",
        /// Pink.
        Pink = "pink",
        /// Brown.
        Brown = "brown",
        /// White.
        White = "white",
        /// Grey.
        Gray = "gray",
        /// Black.
        Black = "black",
    }
}

words! {
    /// What the ground is.
    Ground {
        /// A lawn.
        Grass = "grass",
        /// Sand.
        Sand = "sand",
        /// Flagstones.
        Stone = "stone",
        /// Snow.
        Snow = "snow",
        /// Water with small waves.
        Water = "water",
        /// Planks.
        Wood = "wood",
    }
}

words! {
    /// What is behind the thing, from near to far.
    Backdrop {
        /// A brick wall.
        Wall = "wall",
        /// A row of houses.
        Houses = "houses",
        /// The edge of a wood.
        Trees = "trees",
        /// Hills on the horizon.
        Hills = "hills",
    }
}

words! {
    /// The sky and the time of day.
    Sky {
        /// Blue, with the sun high.
        Noon = "noon",
        /// Pink, with a low sun.
        Dawn = "dawn",
        /// Orange, with a low sun.
        Dusk = "dusk",
        /// Dark, with stars.
        Night = "night",
        /// Blue with still clouds.
        Clouds = "cloudy",
        /// White, and what is far fades.
        Fog = "fog",
    }
}

words! {
    /// How the frames are developed.
    Style {
        /// As they are.
        Photo = "photo",
        /// Strong colours.
        Vivid = "vivid",
        /// Weak colours.
        Pastel = "pastel",
        /// Brown tones.
        Sepia = "sepia",
        /// Grey tones.
        Monochrome = "monochrome",
    }
}

words! {
    /// What moves.
    Thing {
        /// Drops fly from a basin's jet.
        Fountain = "fountain",
        /// Water falls over a rock.
        Waterfall = "waterfall",
        /// Waves on water.
        Waves = "waves",
        /// A flame in a bowl on a pole.
        Torch = "torch",
        /// Flames over logs.
        Campfire = "campfire",
        /// Smoke rises from a hut's chimney.
        Chimney = "chimney",
        /// Tall grass in the wind.
        Grass = "grass",
        /// A tree in the wind.
        Tree = "tree",
        /// A flag on a pole.
        Flag = "flag",
        /// Clouds drift over the sky.
        Clouds = "clouds",
        /// A string of lamps.
        Lights = "lights",
        /// A clock's pendulum.
        Pendulum = "pendulum",
        /// A bell in a frame.
        Bell = "bell",
        /// A windmill.
        Windmill = "windmill",
        /// A ball on a rope.
        Ball = "ball",
    }
}

words! {
    /// The kind of motion: twelve, each exactly periodic with the clip.
    Action {
        /// Drops on ballistic paths.
        Running = "running",
        /// A sheet of water whose texture slides.
        Falling = "falling",
        /// A sum of sines.
        Rolling = "rolling",
        /// Flames.
        Burning = "burning",
        /// Puffs of smoke.
        Smoking = "smoking",
        /// Plants in the wind.
        Swaying = "swaying",
        /// A wave that travels along a cloth.
        Waving = "waving",
        /// Clouds that move by whole tiles.
        Drifting = "drifting",
        /// Lamps that go on and off.
        Blinking = "blinking",
        /// A rod or a rope that swings.
        Swinging = "swinging",
        /// A bell and its clapper.
        Ringing = "ringing",
        /// Sails that turn.
        Turning = "turning",
    }
}

impl Thing {
    /// How it moves.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::Fountain => Action::Running,
            Self::Waterfall => Action::Falling,
            Self::Waves => Action::Rolling,
            Self::Torch | Self::Campfire => Action::Burning,
            Self::Chimney => Action::Smoking,
            Self::Grass | Self::Tree => Action::Swaying,
            Self::Flag => Action::Waving,
            Self::Clouds => Action::Drifting,
            Self::Lights => Action::Blinking,
            Self::Pendulum | Self::Ball => Action::Swinging,
            Self::Bell => Action::Ringing,
            Self::Windmill => Action::Turning,
        }
    }

    /// Whether there is one of it, so that its noun has an article.
    pub(crate) fn countable(self) -> bool {
        !matches!(self, Self::Waves | Self::Grass | Self::Clouds | Self::Lights)
    }

    /// The preposition between it and the ground.
    pub(crate) fn preposition(self) -> &'static str {
        if self == Self::Clouds { "over" } else { "on" }
    }

    /// Colours that it has where the caption names none.
    pub(crate) fn natural_colors(self) -> &'static [Color] {
        match self {
            Self::Fountain | Self::Waterfall | Self::Chimney => &[Color::White, Color::Gray],
            Self::Waves => &[Color::Blue, Color::Green],
            Self::Torch | Self::Campfire => &[Color::Orange, Color::Yellow],
            Self::Grass => &[Color::Green, Color::Yellow],
            Self::Tree => &[Color::Green, Color::Green, Color::Orange],
            Self::Flag => &[Color::Red, Color::Blue, Color::Yellow, Color::Green],
            Self::Clouds => &[Color::White],
            Self::Lights => &[Color::Yellow, Color::Orange, Color::White],
            Self::Pendulum | Self::Bell => &[Color::Yellow, Color::Orange],
            Self::Windmill => &[Color::White, Color::Brown],
            Self::Ball => &[Color::Red, Color::Blue, Color::Yellow],
        }
    }

    /// Whether this ground suits it.
    pub(crate) fn suits(self, ground: Ground) -> bool {
        match self {
            Self::Waves => ground == Ground::Water,
            Self::Campfire | Self::Grass | Self::Tree | Self::Chimney => ground != Ground::Water,
            _ => true,
        }
    }

    /// Whether this sky suits it.
    pub(crate) fn suits_sky(self, sky: Sky) -> bool {
        self != Self::Clouds || !matches!(sky, Sky::Fog | Sky::Clouds)
    }
}

impl Sky {
    /// The preposition before its word.
    pub(crate) fn preposition(self) -> &'static str {
        match self {
            Self::Clouds => "under a",
            Self::Fog => "in",
            _ => "at",
        }
    }
}
