/** All that the pages use. One module each; nothing is built. */
import "./navigation.js";
import "./action.js";
import "./choose.js";
import "./copy.js";
import "./dialog.js";
import "./filter.js";
import "./form.js";
import "./grid.js";
import "./job.js";
import "./live.js";
import "./missing.js";
import "./neighbours.js";
import "./objects.js";
import "./picture.js";
import "./probe.js";
import "./video.js";
import "./when.js";
