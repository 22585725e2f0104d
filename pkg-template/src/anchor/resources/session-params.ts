/** Something that is on or off. */
export interface Switch {
  active?: boolean;
}

/** What `sessions.create` takes. Fields that are not listed here travel as they are. */
export interface SessionCreateParams {
  /** The session around the browser. */
  session?: SessionCreateParams.Session;
  /** The browser. */
  browser?: SessionCreateParams.Browser;
  /** Integrations to load; they exist already. */
  integrations?: SessionCreateParams.Integration[];
  /** Identities to sign in with. */
  identities?: SessionCreateParams.Identity[];
}

export declare namespace SessionCreateParams {
  /** The session around the browser. */
  interface Session {
    /** The page that the session opens with. */
    initial_url?: string;
    /** Words to find the session by. */
    tags?: string[];
    /** Whether a video is recorded. On by default. */
    recording?: Switch;
    /** The way out to the web. */
    proxy?: Session.AnchorProxy | Session.CustomProxy;
    timeout?: Session.Timeout;
    live_view?: Session.LiveView;
  }

  namespace Session {
    /** The vendor's own proxy. */
    interface AnchorProxy {
      active: boolean;
      type?: 'anchor_proxy';
      /**
       * Two letters, lower case.
       *
       * @default 'us'
       */
      country_code?: string;
      region?: string;
      /** Needs `region`. */
      city?: string;
    }

    /** A proxy of your own. */
    interface CustomProxy {
      active: boolean;
      type: 'custom';
      /** `scheme://host:port`. */
      server: string;
      username: string;
      password: string;
    }

    /** Limits of the session; -1 lifts one. */
    interface Timeout {
      /**
       * Minutes from its beginning.
       *
       * @default 20
       */
      max_duration?: number;
      /**
       * Minutes without any connection.
       *
       * @default 5
       */
      idle_timeout?: number;
    }

    /** The page that shows the session. */
    interface LiveView {
      /** Whether whoever watches can only watch. Off by default. */
      read_only?: boolean;
      /** Whether its address works once. Off by default. */
      one_time_url?: boolean;
    }
  }

  /** The browser. */
  interface Browser {
    /** A profile to begin with, and whether it is kept. */
    profile?: Browser.Profile;
    /** On by default. */
    adblock?: Switch;
    /** Needs `adblock`. On by default. */
    popup_blocker?: Switch;
    /** Needs an active proxy. Off by default. */
    captcha_solver?: Switch;
    /** Off by default. */
    headless?: Switch;
    viewport?: Browser.Viewport;
    /** Off by default. */
    fullscreen?: Switch;
    /** On by default. */
    pdf_viewer?: Switch;
    /** Off by default. */
    p2p_download?: Switch;
    /** Ids of extensions that were uploaded before. */
    extensions?: string[];
    /** Off by default. */
    disable_web_security?: Switch;
    /** Off by default. */
    cross_origin_support?: Switch;
    /** Needs the vendor's own proxy. */
    extra_stealth?: Switch;
    /** Off by default. */
    force_popups_as_tabs?: Switch;
    /** Off by default. */
    web_bot_auth?: Switch;
    /** Off by default. */
    disable_dialogs?: Switch;
  }

  namespace Browser {
    interface Profile {
      name?: string;
      /** Whether the session's changes are saved. Off by default. */
      persist?: boolean;
    }

    /** Pixels. */
    interface Viewport {
      /** @default 1440 */
      width?: number;
      /** @default 900 */
      height?: number;
    }
  }

  interface Integration {
    id: string;
    type: '1PASSWORD';
    configuration: { load_mode: 'all' } | { load_mode: 'specific'; secrets: string[] };
  }

  interface Identity {
    id?: string;
  }
}
