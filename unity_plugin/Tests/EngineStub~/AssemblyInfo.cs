using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("GhostHands.LayerTests")]
